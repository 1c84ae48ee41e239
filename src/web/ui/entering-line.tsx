/** The line that gives Roomline its name: it comes in from the edge of the page and ends where the words begin. */
export function EnteringLine() {
  return (
    <div aria-hidden="true" className="relative mb-5 h-[3px] w-10 rounded-r-full bg-spark">
      <div className="absolute inset-y-0 right-full w-screen bg-linear-to-l from-spark to-transparent" />
    </div>
  )
}
