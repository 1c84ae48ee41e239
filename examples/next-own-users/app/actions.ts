'use server'

import { redirect } from 'next/navigation'
import { endSession, findUserByName, startSession } from './users'

export async function signIn(form: FormData): Promise<void> {
  const user = findUserByName(String(form.get('name')))
  if (user) await startSession(user)
  redirect('/')
}

export async function signOut(): Promise<void> {
  await endSession()
  redirect('/')
}
