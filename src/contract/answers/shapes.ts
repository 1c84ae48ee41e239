import * as z from 'zod'
import { maxInteger } from '../rules'

/** A time in UTC, ISO 8601. */
export const timeShape = z.iso.datetime()

/** A number of things. */
export const countShape = z.int().min(0).max(maxInteger)

/** A seq or a version: they start at 1. */
export const positionShape = z.int().min(1).max(maxInteger)

/** Where a page ends: for the next one, or null when nothing is left. */
export const cursorShape = z.string().nullable()
