'use client'

import { Button } from '../web/ui/button'
import { NoticePage } from '../web/ui/pages'

export default function ErrorPage() {
  return (
    <NoticePage title="That did not work" actions={<Button onClick={() => location.reload()}>Try again</Button>}>
      The server could not make this page right now. Nothing is lost: wait a moment and try again.
    </NoticePage>
  )
}
