import { redirect } from 'next/navigation'
import { requireVisitor } from '../visitor'

export default async function RoomsPage() {
  await requireVisitor('/')
  redirect('/')
}
