import clsx from 'clsx'
import type { ReactNode } from 'react'

interface TableProps {
  label: string
  /** The headings. A column without one still needs a name, for screen readers: `{ hidden: 'Actions' }`. */
  columns: readonly (string | { hidden: string })[]
  children: ReactNode
}

/** A table. On a phone each row becomes a card, and each cell shows its own heading. */
export function Table({ label, columns, children }: TableProps) {
  return (
    <table aria-label={label} className="w-full border-collapse text-left text-sm max-md:block">
      <thead className="max-md:sr-only">
        <tr>
          {columns.map((column) => (
            <th
              key={typeof column === 'string' ? column : column.hidden}
              scope="col"
              className="border-line border-b px-2 pb-1.5 font-medium text-faint text-xs first:pl-0 last:pr-0"
            >
              {typeof column === 'string' ? column : <span className="sr-only">{column.hidden}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="max-md:block max-md:space-y-2.5">{children}</tbody>
    </table>
  )
}

/** @param isFaded for something that is switched off */
export function TableRow({ children, isFaded = false }: { children: ReactNode; isFaded?: boolean }) {
  return (
    <tr
      className={clsx(
        'max-md:relative max-md:block max-md:rounded-m max-md:border max-md:border-line max-md:bg-raised max-md:p-3 max-md:shadow-low md:border-line md:border-b',
        isFaded && 'text-faint',
      )}
    >
      {children}
    </tr>
  )
}

interface TableCellProps {
  /** The column's heading, which a card shows next to the value. Leave it out for what explains itself. */
  label?: string
  children: ReactNode
  className?: string
}

export function TableCell({ label, children, className }: TableCellProps) {
  return (
    <td
      className={clsx(
        'px-2 py-2.5 align-middle first:pl-0 last:pr-0 max-md:px-0! max-md:py-0.5',
        label ? 'max-md:flex max-md:items-baseline max-md:justify-between max-md:gap-4 max-md:pt-1' : 'max-md:block',
        className,
      )}
    >
      {label && (
        <span aria-hidden="true" className="shrink-0 text-faint text-xs md:hidden">
          {label}
        </span>
      )}
      {children}
    </td>
  )
}

/** Buttons at the end of a row; on a card they are in its corner. */
export function TableActions({ children }: { children: ReactNode }) {
  return <td className="py-1.5 pl-2 text-right align-middle max-md:absolute max-md:top-1 max-md:right-1 max-md:p-0">{children}</td>
}

type BadgeLook = 'plain' | 'accent' | 'danger'

const badgeLooks: Record<BadgeLook, string> = {
  plain: 'bg-selected text-soft',
  accent: 'bg-accent-soft text-ink',
  danger: 'bg-danger-soft text-danger',
}

/** A word or two about something, next to its name. */
export function Badge({ look = 'plain', children }: { look?: BadgeLook; children: ReactNode }) {
  return <span className={clsx('shrink-0 rounded-s px-1.5 font-medium text-xs', badgeLooks[look])}>{children}</span>
}
