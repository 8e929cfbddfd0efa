import { createFileRoute, Link } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { SignInForm } from "../components/session/sign-in-form.tsx";
import { loadProviders } from "../lib/http/sign-in-pages.ts";
import { t } from "../text/text.ts";

interface Search {
	next?: string;
	/** Set when returning from a provider: the second factor is required, or the sign-in failed. */
	error?: string;
}

export const Route = createFileRoute("/sign-in")({
	validateSearch: ({ next, error }): Search => ({
		...(nextPath(next) === "/" ? {} : { next: nextPath(next) }),
		...(typeof error === "string" && error.length <= 64 ? { error } : {}),
	}),
	loader: () => loadProviders(),
	head: () => ({ meta: [{ title: t("site_title", { page: t("frame_sign_in") }) }] }),
	component: SignInPage,
});

function SignInPage() {
	const { next, error } = Route.useSearch();
	const isSecond = error === "SECOND_FACTOR_NEEDED";
	return (
		<Page narrow>
			<h1 className="font-semibold text-display tracking-tight">{t("frame_sign_in")}</h1>
			<SignInForm
				next={nextPath(next)}
				providers={Route.useLoaderData()}
				initial={isSecond ? { step: "second" } : { step: "password", ...(error ? { problem: providerProblem(error) } : {}) }}
			>
				<p className="text-soft">
					{t("auth_new_here")}{" "}
					<Link to="/sign-up" search={next === undefined ? {} : { next }} className="link text-ink">
						{t("frame_sign_up")}
					</Link>
				</p>
			</SignInForm>
		</Page>
	);
}

/** Why signing in by a provider failed. The provider's text is not shown, because anyone can put text into a URL. */
function providerProblem(error: string): string {
	switch (error) {
		case "access_denied":
			return t("auth_provider_denied");
		case "unable_to_get_user_info":
			return t("auth_provider_no_email");
		case "TOO_MANY_SIGN_UPS":
			return t("problem_sign_ups");
		default:
			return t("auth_provider_failed");
	}
}
