import { z } from "zod";
import { FOLDER_NAME_CHARS_MAX, ID } from "../../input.ts";
import { instructionFault, plainInstruction } from "../../instructions.ts";
import { t } from "../../text/text.ts";
import type { Folder } from "../../view/chat.ts";
import { readBody } from "../http/api.ts";
import { refuse } from "../http/problem.ts";
import { type User, userOf } from "../identity/subject.ts";

const BODY_BYTES_MAX = 16 * 1024;

/** The name of a folder, without invisible characters. */
export const folderName = z
	.string()
	.transform((text) => text.toWellFormed().replaceAll(/\s+/g, " ").trim())
	.pipe(z.string().min(1).max(FOLDER_NAME_CHARS_MAX));
const folder = z.strictObject({ id: z.string().regex(ID), name: folderName, instructions: z.string().default("") });
const change = z
	.strictObject({ name: folderName.optional(), instructions: z.string().optional() })
	.refine((body) => Object.keys(body).length > 0, { error: () => t("problem_name_change") });

/**
 * Parses the folder of `POST /api/folders`.
 * @throws {ProblemError} 400 if it is invalid, 413 for instructions that are too long
 */
export async function parseFolder(request: Request): Promise<Folder> {
	const { instructions, ...body } = await readBody(request, folder, BODY_BYTES_MAX);
	return { ...body, instructions: checkedFolder(instructions) };
}

/**
 * Parses the changes of `PATCH /api/folders/{id}`.
 * @throws {ProblemError} 400 for an invalid body, 413 for instructions that are too long
 */
export async function parseFolderChange(request: Request): Promise<Partial<Folder>> {
	const { name: given, instructions } = await readBody(request, change, BODY_BYTES_MAX);
	return { ...(given !== undefined && { name: given }), ...(instructions !== undefined && { instructions: checkedFolder(instructions) }) };
}

/**
 * The user whose folders a request concerns.
 * @throws {ProblemError} 401 for a guest: a guest's list is created with the first chat and expires
 */
export async function ownerOfFolders(request: Request): Promise<User> {
	return (await userOf(request)) ?? refuse("not-signed-in", t("problem_folders_sign_in"));
}

/**
 * The answer for both a missing folder and someone else's.
 * @throws {ProblemError} always, 404
 */
export function noSuchFolder(): never {
	refuse("folder-not-found", t("problem_no_folder"));
}

/**
 * A folder's instructions in stored form.
 * @throws {ProblemError} 413 if they are too long
 */
export function checkedFolder(given: string): string {
	const text = plainInstruction(given);
	const fault = instructionFault("folder", text);
	return fault ? refuse("instructions-too-long", fault) : text;
}
