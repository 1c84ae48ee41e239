import { Field } from '../ui/fields'

interface TypedNameProps {
  label: string
  /** What has to be typed. */
  name: string
  /** Whether it was. */
  onRight(isRight: boolean): void
}

/** A field for typing a name, so that nothing is deleted by a slip of the hand. */
export function TypedName({ label, name, onRight }: TypedNameProps) {
  return (
    <Field
      label={label}
      name="confirmation"
      required
      dir="auto"
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      hint={name}
      onChange={(event) => onRight(event.target.value.trim().normalize('NFC') === name.normalize('NFC'))}
    />
  )
}
