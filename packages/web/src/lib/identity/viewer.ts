import type { Viewer } from "../../view/identity.ts";
import type { Subject } from "./subject.ts";
import { viewerTag } from "./viewer-tag.ts";

/** A subject in the form pages receive. */
export function viewerOf(subject: Subject): Viewer {
	const tag = viewerTag(subject.key);
	if (subject.kind === "guest") return { kind: "guest", tag };
	const { userId: id, name, email, emailVerified, organization: active } = subject;
	const organization = active && { id: active.organizationId, name: active.name, mayBuy: active.mayBuy };
	return { kind: "user", tag, id, name, email, emailVerified, organization };
}
