import clsx from 'clsx'

export type PeopleTab = 'members' | 'banned'

const words: Record<PeopleTab, string> = { members: 'Members', banned: 'Banned' }

/** For moderators: who is in the room, or who is kept out of it. */
export function PanelTabs({ tab, onTab }: { tab: PeopleTab; onTab(tab: PeopleTab): void }) {
  return (
    <div className="flex min-w-0 flex-1 flex-wrap gap-1">
      {(['members', 'banned'] as const).map((which) => (
        <button
          key={which}
          type="button"
          aria-pressed={tab === which}
          onClick={() => onTab(which)}
          className={clsx(
            'min-h-11 max-w-full truncate rounded-m px-2.5 text-base transition-colors duration-(--swift) mouse:min-h-8',
            tab === which ? 'bg-selected font-semibold' : 'text-soft hover:bg-hover hover:text-ink',
          )}
        >
          {words[which]}
        </button>
      ))}
    </div>
  )
}
