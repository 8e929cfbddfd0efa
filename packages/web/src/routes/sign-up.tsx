import { legal } from "virtual:brand";
import { createFileRoute, Link } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { signUp } from "../components/session/session-requests.ts";
import { SignForm } from "../components/session/sign-form.tsx";
import { Tally } from "../components/tally/tally.tsx";
import { loadFreeLimit } from "../lib/http/other-pages.ts";
import { rich } from "../text/rich.ts";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/sign-up")({
	validateSearch: ({ next }): { next?: string } => (nextPath(next) === "/" ? {} : { next: nextPath(next) }),
	loader: () => loadFreeLimit(),
	head: () => ({ meta: [{ title: t("site_title", { page: t("frame_sign_up") }) }] }),
	component: SignUpPage,
});

function SignUpPage() {
	const search = Route.useSearch();
	const { freeLimit } = Route.useLoaderData();
	async function onSubmit({ name = "", email = "", password = "" }: Record<string, string>, humanToken?: string) {
		const next = nextPath(search.next);
		const problem = await signUp({ name: name.trim(), email: email.trim(), password, callbackURL: next }, humanToken);
		if (problem) return problem;
		// A full load drops everything cached for the guest.
		location.assign(next);
	}
	return (
		<Page narrow>
			<h1 className="font-semibold text-display tracking-tight">{t("frame_sign_up")}</h1>
			<p className="mt-2 mb-4 text-soft">{t("auth_free_daily", { count: freeLimit })}</p>
			<Tally
				usage={{ limit: freeLimit, used: 0, held: 0, remaining: freeLimit, resetAt: null }}
				label={t("plans_requests_every", { count: freeLimit, every: t("every_day") })}
			/>
			<SignForm
				action={t("frame_sign_up")}
				onSubmit={onSubmit}
				fields={[
					{ name: "name", label: t("auth_name"), type: "text", autoComplete: "name" },
					{ name: "email", label: t("auth_email"), type: "email", autoComplete: "email" },
					{ name: "password", label: t("account_password"), type: "password", autoComplete: "new-password", hint: t("auth_8_characters") },
				]}
			>
				<Accepts />
				<p className="text-soft">
					{t("auth_before")}{" "}
					<Link to="/sign-in" search={search} className="link text-ink">
						{t("frame_sign_in")}
					</Link>
				</p>
			</SignForm>
		</Page>
	);
}

/** The terms a new account agrees to, if the operator has published them. */
function Accepts() {
	if (!legal.terms && !legal.privacy) return null;
	const link = (href: string, text: string) => (
		<a href={href} className="link">
			{text}
		</a>
	);
	return (
		<p className="text-small text-soft">
			{legal.terms && rich("auth_accepts_terms", { terms: link(legal.terms, t("auth_the_terms")) })}{" "}
			{legal.privacy && rich("auth_reads_privacy", { privacy: link(legal.privacy, t("auth_the_privacy")) })}
		</p>
	);
}
