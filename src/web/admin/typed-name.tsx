import { Field } from '../ui/fields'

interface TypedNameProps {
  /** What has to be typed. */
  name: string
  /** Whether it was. */
  onRight(isRight: boolean): void
}

/** A field for typing a name, so that nothing is deleted by a slip of the hand. */
export function TypedName({ name, onRight }: TypedNameProps) {
  return (
    <Field
      label={`Type “${name}” to confirm`}
      name="confirmation"
      required
      dir="auto"
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      onChange={(event) => onRight(event.target.value.trim().normalize('NFC') === name.normalize('NFC'))}
    />
  )
}
