import { createFileRoute } from "@tanstack/react-router";
import { api, readText } from "../../lib/http/api.ts";
import { refuse } from "../../lib/http/problem.ts";
import { languageCookie } from "../../lib/identity/reader.ts";
import { ownUrl } from "../../own-url.ts";
import { isLanguage } from "../../text/languages.ts";
import { t } from "../../text/text.ts";

const BODY_BYTES_MAX = 4096;

/** The language form, which works without scripts. Redirects to the page it was sent from. */
export const Route = createFileRoute("/api/language")({
	server: {
		handlers: api({
			POST: async ({ request }) => {
				const { language, next } = Object.fromEntries(new URLSearchParams(await readText(request, BODY_BYTES_MAX)));
				if (!isLanguage(language)) refuse("invalid-request", t("problem_no_such_language"));
				const { origin } = new URL(request.url);
				const location = ownUrl(next, origin)?.href ?? origin;
				return new Response(null, { status: 303, headers: { location, "set-cookie": languageCookie(request, language) } });
			},
		}),
	},
});
