import { createFileRoute } from "@tanstack/react-router";
import { config } from "../config.ts";
import { api } from "../lib/http/api.ts";
import { refuse } from "../lib/http/problem.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/.well-known/security.txt")({
	server: { handlers: api({ GET: securityText }) },
});

/** RFC 9116 requires an expiry date, less than a year ahead. The file is generated for each request. */
const READ_AGAIN_MS = 180 * 24 * 60 * 60 * 1000;

/** Where to report a vulnerability (RFC 9116). */
function securityText({ request }: { request: Request }): Response {
	const { securityContact } = config();
	if (!securityContact) refuse("not-found", t("problem_no_contact"));
	const expires = `${new Date(Date.now() + READ_AGAIN_MS).toISOString().slice(0, 10)}T00:00:00Z`;
	const lines = [
		`Contact: ${securityContact}`,
		`Expires: ${expires}`,
		"Preferred-Languages: en, de",
		`Canonical: ${new URL(request.url).origin}/.well-known/security.txt`,
	];
	return new Response(`${lines.join("\n")}\n`, { headers: { "content-type": "text/plain; charset=utf-8" } });
}
