import { Mark } from '../ui/mark'

/** Stands above the first message of a room, and alone in an empty one. */
export function RoomBeginning({ name, topic, isEmpty }: { name: string; topic: string; isEmpty: boolean }) {
  return (
    <div className="px-4 pt-10 pb-2 md:px-6">
      <Mark className="mb-4 size-11" />
      <p className="font-semibold text-xl tracking-tight" dir="auto">
        This is where {name} begins
      </p>
      {topic && (
        <p className="mt-1 max-w-prose text-soft [overflow-wrap:anywhere]" dir="auto">
          {topic}
        </p>
      )}
      {isEmpty && <p className="mt-1 text-soft">Nobody has said anything yet. Somebody has to be first.</p>}
    </div>
  )
}
