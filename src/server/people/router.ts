import {
  changePasswordInput,
  deleteAccountInput,
  namedPeopleInput,
  personInput,
  searchPeopleInput,
  updateProfileInput,
} from '../../contract/people'
import { noInput, router, signedInProcedure } from '../trpc'
import { deleteAccount } from './delete-account'
import { changePassword, listNamed, searchPeople, showOwnProfile, showPerson, updateProfile } from './people'

export const usersRouter = router({
  me: signedInProcedure.input(noInput).query(({ ctx }) => showOwnProfile(ctx)),
  search: signedInProcedure.input(searchPeopleInput).query(({ ctx, input }) => searchPeople(ctx, input)),
  get: signedInProcedure.input(personInput).query(({ ctx, input }) => showPerson(ctx, input.username)),
  named: signedInProcedure.input(namedPeopleInput).query(({ ctx, input }) => listNamed(ctx, input.usernames)),
  update: signedInProcedure.input(updateProfileInput).mutation(({ ctx, input }) => updateProfile(ctx, input)),
  changePassword: signedInProcedure.input(changePasswordInput).mutation(({ ctx, input }) => changePassword(ctx, input)),
  deleteAccount: signedInProcedure.input(deleteAccountInput).mutation(({ ctx, input }) => deleteAccount(ctx, input.password)),
})
