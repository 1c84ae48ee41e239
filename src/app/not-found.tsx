import { linkButton, NoticePage } from '../web/ui/pages'

export default function NotFound() {
  return (
    <NoticePage
      title="Page not found"
      actions={
        <a className={linkButton} href="/">
          Go to your rooms
        </a>
      }
    >
      There is no page at this address. Check it for typos.
    </NoticePage>
  )
}
