import { Fragment } from 'react'
import { Dialog } from '../ui/dialog'
import { keyGroups, keysOf } from './key-table'
import { useMacKeys } from './key-words'

/** All keys of the app. */
export default function KeysDialog({ onClose }: { onClose(): void }) {
  const isMac = useMacKeys()
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and nothing in it can be focused */}
      <section tabIndex={0} aria-label="Keys" className="-mx-5 min-h-0 space-y-5 overflow-y-auto px-5 -outline-offset-2">
        {keyGroups.map(({ title, shortcuts }) => (
          <section key={title} aria-label={title}>
            <h3 className="pb-1 font-medium text-faint text-xs">{title}</h3>
            <dl className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 divide-line text-sm">
              {Object.values(shortcuts).map(({ keys, words }) => (
                <Fragment key={words}>
                  <dt className="py-1.5">{words}</dt>
                  <dd className="flex flex-wrap justify-end gap-x-2 gap-y-1 py-1.5">
                    {keys.map((combination) => (
                      <span key={combination} className="flex gap-1">
                        {keysOf(combination, isMac).map((key) => (
                          <kbd
                            key={key}
                            className="min-w-6 rounded-s border border-line-strong px-1.5 text-center font-sans text-soft text-xs"
                          >
                            {key}
                          </kbd>
                        ))}
                      </span>
                    ))}
                  </dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </section>
    </Dialog>
  )
}
