import { z } from "zod";
import { ID } from "../../../input.ts";
import { movedOn, noSuchChat } from "../../../lib/chat/request.ts";
import { readBody } from "../../../lib/http/api.ts";
import { problemResponse, refuse } from "../../../lib/http/problem.ts";
import { assertStillGuest } from "../../../lib/identity/guest-to-account.ts";
import type { Subject } from "../../../lib/identity/subject.ts";
import type { PathResult } from "../../../objects/conversation-calls.ts";
import { t } from "../../../text/text.ts";
import type { ChatView } from "../../../view/chat.ts";

const BODY_BYTES_MAX = 1024;

const seen = z.string().regex(ID).nullable().optional();
const version = z.object({ turn: z.int(), of: z.enum(["question", "answer"]), seen });
const branch = z.object({ messageId: z.string().regex(ID), id: z.string().regex(ID), seen });
const share = z.object({ files: z.boolean().optional(), seen });

/**
 * Parses `POST /api/chat/{id}/share`.
 * @throws {ProblemError} 400 if it is invalid
 */
export const parseShare = (request: Request) => readBody(request, share, BODY_BYTES_MAX);

/**
 * Parses the version selected by `POST /api/chat/{id}/version`.
 * @throws {ProblemError} 400 if it is invalid
 */
export const parseVersion = (request: Request) => readBody(request, version, BODY_BYTES_MAX);

/**
 * Parses `POST /api/chat/{id}/branch`: the last message of the branch, and the id of the new chat.
 * @throws {ProblemError} 400 if they are invalid
 */
export const parseBranch = (request: Request) => readBody(request, branch, BODY_BYTES_MAX);

/**
 * Answers a call that moves or copies a chat's path.
 * @throws {ProblemError} for everything but success and 409 with the newer path
 */
export async function pathResponse(result: PathResult, subject: Subject, done: (chat: ChatView) => Response): Promise<Response> {
	return result.kind === "done" ? done(result.chat) : refusedPath(result, subject);
}

/**
 * Answers a call that the chat's path does not allow.
 * @throws {ProblemError} for everything but 409 with the newer path
 */
export async function refusedPath(result: Exclude<PathResult, { kind: "done" }>, subject: Subject): Promise<Response> {
	switch (result.kind) {
		case "moved-on":
			return problemResponse("chat-has-moved-on", { detail: movedOn(), chat: result.chat });
		case "busy":
			return refuse("an-answer-is-being-written", t("problem_busy_chat"));
		case "no-such-message":
			return refuse("message-not-found", t("problem_no_such_message"));
		case "too-many-branches":
			return refuse("too-many-branches", t("problem_branches"));
		case "not-found":
			await assertStillGuest(subject);
			return noSuchChat();
	}
}
