import { z } from "zod";
import { ID } from "../../input.ts";
import { nameRule } from "../../name-rule.ts";
import { PROVIDERS } from "../../sign-in-providers.ts";
import { t } from "../../text/text.ts";
import { nameAtSignUp, nameOf } from "./names.ts";

/*
 * The better-auth routes this product uses, and the exact fields of each body. Any other path is 404 before better-auth sees it, and any
 * other field is dropped, because better-auth writes some fields to the database unchecked.
 */

const REQUESTS_PER_MEMBER_MAX = 1_000_000;

const nameBy = (read: typeof nameOf) =>
	z.string({ error: nameRule }).transform((text, context) => {
		const valid = read(text);
		if (valid !== null) return valid;
		context.addIssue({ code: "custom", message: nameRule() });
		return z.NEVER;
	});
const name = nameBy(nameOf);
const email = z.email({ error: () => t("auth_not_an_email") }).max(254);
const password = z.string().min(1).max(1024);
const address = z.string().max(2048);
const id = z.string().regex(ID);
const role = z.enum(["owner", "admin", "member"], { error: () => t("problem_role") });
const requestsPerMember = z
	.int({ error: () => t("problem_limit_for_each") })
	.min(1)
	.max(REQUESTS_PER_MEMBER_MAX)
	.nullable();
const organizationId = id.optional();
const nothing = z.object({});

/** The bodies of organization routes. `organizationId` defaults to the session's active organization. */
export const organizationBodies = {
	create: z.object({
		name,
		slug: id,
		requestsPerMember: requestsPerMember.optional(),
		keepCurrentActiveOrganization: z.boolean().optional(),
	}),
	update: z.object({ organizationId, data: z.object({ name: name.optional(), requestsPerMember: requestsPerMember.optional() }) }),
	"set-active": z.object({ organizationId: id.nullish(), organizationSlug: id.optional() }),
	"invite-member": z.object({ organizationId, email: email.toLowerCase(), role }),
	"cancel-invitation": z.object({ invitationId: id }),
	"accept-invitation": z.object({ invitationId: id }),
	"reject-invitation": z.object({ invitationId: id }),
	"update-member-role": z.object({ organizationId, memberId: id, role }),
	"remove-member": z.object({ organizationId, memberIdOrEmail: z.union([id, email.toLowerCase()]) }),
	leave: z.object({ organizationId: id }),
};

/** A browser's passkey response (WebAuthn, `toJSON`). Its fields are verified together with the signature. */
export const passkeyAnswer = z.object({
	id: z.string().max(1024),
	rawId: z.string().max(1024),
	type: z.literal("public-key"),
	clientExtensionResults: z.looseObject({}),
	authenticatorAttachment: z.string().max(32).optional(),
	response: z.looseObject({ clientDataJSON: z.string().max(4096) }),
});

/** The body of each POST route, by its path after /api/auth/. */
const POSTS: Record<string, z.ZodObject> = {
	"sign-up/email": z.object({
		name: nameBy(nameAtSignUp),
		email,
		password,
		callbackURL: address.optional(),
		rememberMe: z.boolean().optional(),
	}),
	"sign-in/email": z.object({ email, password, callbackURL: address.optional(), rememberMe: z.boolean().optional() }),
	"sign-out": nothing,
	"get-session": nothing,
	"confirm-email": z.object({ token: z.string().max(512), password, isNew: z.boolean() }),
	"send-verification-email": z.object({ email, callbackURL: address.optional() }),
	"change-password": z.object({ currentPassword: password, newPassword: password, revokeOtherSessions: z.boolean().optional() }),
	"mail/send": z.object({ email, purpose: z.enum(["sign-in", "reset"]), next: address.optional() }),
	"mail/prove": nothing,
	"mail/code": z.object({ code: z.string().max(32) }),
	"mail/prove-code": z.object({ code: z.string().max(32) }),
	"mail/link": z.object({ token: z.string().max(512) }),
	"mail/password": z.object({ token: z.string().max(512), password }),
	"second-factor": z.object({ code: z.string().max(64) }),
	"second-factor/set-up": nothing,
	"second-factor/enable": z.object({ code: z.string().max(64) }),
	"second-factor/recovery": nothing,
	"second-factor/remove": nothing,
	prove: z.object({ password }),
	"change-email": z.object({ newEmail: email.toLowerCase() }),
	"change-email/approve": z.object({ token: z.string().max(1024) }),
	"set-password": z.object({ password }),
	"sign-in/social": z.object({
		provider: z.enum(PROVIDERS),
		callbackURL: address,
		errorCallbackURL: address,
		// Otherwise better-auth also answers with a redirect to the provider.
		disableRedirect: z.literal(true),
	}),
	"unlink-provider": z.object({ provider: z.enum(PROVIDERS) }),
	"passkey/options": nothing,
	"passkey/add": z.object({ answer: passkeyAnswer }),
	"passkey/remove": z.object({ id: z.string().max(1024) }),
	"passkey/challenge": nothing,
	"passkey/prove": z.object({ answer: passkeyAnswer }),
	"sign-in/passkey": z.object({ answer: passkeyAnswer }),
	"end-session": z.object({ id }),
	"update-user": z.object({ name: name.optional() }),
	"revoke-sessions": nothing,
	"revoke-other-sessions": nothing,
	...Object.fromEntries(Object.entries(organizationBodies).map(([route, body]) => [`organization/${route}`, body])),
};

/** Routes that change how an account is entered. They require a recent proof; changing the password requires the present one. */
export const ASKS_FOR_PROOF = new Set([
	"second-factor/set-up",
	"second-factor/enable",
	"second-factor/recovery",
	"second-factor/remove",
	"passkey/options",
	"passkey/add",
	"passkey/remove",
	"change-email",
	"unlink-provider",
	"set-password",
]);

/** Routes available while the account is being deleted: those for signing in and out. */
export const WHILE_LEAVING = new Set([
	"sign-up/email",
	"sign-in/email",
	"sign-in/social",
	"sign-in/passkey",
	"passkey/challenge",
	"callback/github",
	"callback/google",
	"confirm-email",
	"verify-email",
	"send-verification-email",
	"mail/send",
	"mail/code",
	"mail/link",
	"mail/password",
	"second-factor",
	"sign-out",
	"get-session",
	"error",
	"ok",
]);

/** The query parameters of each GET route, by its path after /api/auth/. */
const GETS: Record<string, string[]> = {
	"get-session": ["disableCookieCache", "disableRefresh"],
	"verify-email": ["token", "callbackURL"],
	"callback/github": ["code", "state", "error", "error_description", "iss"],
	"callback/google": ["code", "state", "error", "error_description", "iss"],
	"organization/list": [],
	"organization/list-members": ["organizationId"],
	error: ["error", "error_description"],
	ok: [],
};

/** Every better-auth route in use: its method and its path after /api/auth/. */
export const AUTH_ROUTES: readonly string[] = [
	...Object.keys(GETS).map((path) => `GET ${path}`),
	...Object.keys(POSTS).map((path) => `POST ${path}`),
];

/** The path of a request after /api/auth/. */
export const authPathOf = (request: Request): string => new URL(request.url).pathname.replace(/^\/api\/auth\//, "");

/** The URL of a GET with only its route's parameters; null if there is no such route. */
export function admittedUrl(request: Request): URL | null {
	const url = new URL(request.url);
	const path = authPathOf(request);
	const allowed = request.method === "GET" && Object.hasOwn(GETS, path) ? GETS[path] : undefined;
	if (!allowed) return null;
	const kept = new URLSearchParams();
	for (const parameter of allowed) {
		const value = url.searchParams.get(parameter);
		if (value !== null) kept.set(parameter, value);
	}
	url.search = kept.toString();
	return url;
}

/** The schema of a POST's body, or null if there is no such route. */
export function bodyOf(request: Request): z.ZodObject | null {
	const path = authPathOf(request);
	return Object.hasOwn(POSTS, path) ? (POSTS[path] ?? null) : null;
}

/** Reports the first invalid field in better-auth's error format: `INVALID_NAME`, and a sentence. */
export function invalidField(error: z.ZodError): { code: string; message: string } {
	const [issue] = error.issues;
	const field = String(issue?.path.findLast((part) => typeof part === "string") ?? "body");
	const code = `INVALID_${field.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()}`;
	const message = issue?.message ?? t("problem_field");
	return { code, message: message.endsWith(".") ? message : `${field}: ${message}` };
}
