import { useState } from 'react'
import type { ChatRoom } from '../../../sdk'
import { goToMessage } from '../../navigation'
import { FailureLine, useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'

interface JumpToDateProps {
  handle: Pick<ChatRoom, 'id' | 'at'>
  onClose(): void
}

/** Asks for a day, and goes to the first message of it or of the next day that has one. */
export default function JumpToDate({ handle, onClose }: JumpToDateProps) {
  const today = inputDate(new Date())
  const [date, setDate] = useState(today)
  const [isEmpty, setEmpty] = useState(false)
  const { pending, failure, run } = useAct()

  function goTo(day: Date) {
    setEmpty(false)
    void run(async () => {
      const seq = await handle.at(day.toISOString())
      if (seq === null) return setEmpty(true)
      onClose()
      goToMessage(handle.id, seq)
    })
  }

  const near = [
    { words: 'A week ago', day: daysAgo(7) },
    { words: 'A month ago', day: daysAgo(30) },
    { words: 'The beginning', day: new Date(0) },
  ]
  return (
    <Dialog title="Jump to a date" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const [year = 0, month = 1, day = 1] = date.split('-').map(Number)
          if (date !== '') goTo(new Date(year, month - 1, day))
        }}
        className="flex flex-col gap-4"
      >
        <div className="flex flex-wrap items-end gap-3">
          <label className="flex min-w-40 flex-1 flex-col gap-1.5 font-medium text-sm">
            Date
            <input
              type="date"
              required
              max={today}
              value={date}
              onChange={({ target }) => setDate(target.value)}
              className="h-11 rounded-m border border-line-strong bg-surface px-3 font-normal text-[1rem] md:h-10 md:text-base"
            />
          </label>
          <Button type="submit" disabled={pending}>
            Jump
          </Button>
        </div>
        <div className="flex flex-wrap gap-2">
          {near.map(({ words, day }) => (
            <Button key={words} type="button" look="outline" disabled={pending} onClick={() => goTo(day)}>
              {words}
            </Button>
          ))}
        </div>
        {isEmpty && (
          <p role="status" className="text-sm text-soft">
            There are no messages on that day or later.
          </p>
        )}
        <FailureLine failure={failure} />
      </form>
    </Dialog>
  )
}

function daysAgo(days: number): Date {
  const now = new Date()
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days)
}

/** As a date field has it, in the reader's time zone. */
const inputDate = (day: Date): string =>
  `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
