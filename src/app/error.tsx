'use client'

import { Button } from '../web/ui/button'
import { NoticePage } from '../web/ui/pages'

export default function ErrorPage() {
  return (
    <NoticePage title="Something went wrong" actions={<Button onClick={() => location.reload()}>Try again</Button>}>
      This page ran into a problem. What you have sent is safe. Try loading the page again.
    </NoticePage>
  )
}
