import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { Admin } from '../../../web/admin/admin'
import { adminPath, parseAdminPath } from '../../../web/paths'
import { isDatabaseAway, readTheme, requireVisitor } from '../../visitor'

export const metadata: Metadata = { title: 'Administration' }

/** The pages for admins. To everybody else there is no such page. Each call of these pages is checked again by itself. */
export default async function AdminPage({ params }: PageProps<'/admin/[[...section]]'>) {
  const { section: parts = [] } = await params
  const section = parseAdminPath(['/admin', ...parts].join('/')) ?? notFound()
  const visitor = await requireVisitor(adminPath(section))
  if (visitor.role !== 'admin' && !(await isDatabaseAway())) notFound()
  return <Admin key={visitor.id} visitor={visitor} section={section} theme={await readTheme()} />
}
