const lines = ['w-2/5', 'w-3/5', 'w-1/3', 'w-1/2', 'w-2/3']

export function RoomSkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading messages"
      className="late mx-auto flex w-full max-w-(--measure) min-h-0 flex-1 flex-col justify-end gap-6 overflow-hidden px-4 pb-6 md:px-6"
    >
      {lines.map((width) => (
        <div key={width} className="grid grid-cols-[2.25rem_1fr] gap-x-3">
          <div className="skeleton size-9 rounded-m" />
          <div className="space-y-2 pt-1">
            <div className="skeleton h-3 w-28 rounded-s" />
            <div className={`skeleton h-3 ${width} rounded-s`} />
          </div>
        </div>
      ))}
    </div>
  )
}
