import { createFileRoute, Link } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { signIn } from "../components/session/session-requests.ts";
import { SignForm } from "../components/session/sign-form.tsx";
import { t } from "../text/text.ts";

export const Route = createFileRoute("/sign-in")({
	validateSearch: ({ next }): { next?: string } => (nextPath(next) === "/" ? {} : { next: nextPath(next) }),
	head: () => ({ meta: [{ title: t("site_title", { page: t("frame_sign_in") }) }] }),
	component: SignInPage,
});

function SignInPage() {
	const search = Route.useSearch();
	async function onSubmit({ email = "", password = "" }: Record<string, string>) {
		const problem = await signIn({ email: email.trim(), password });
		if (problem) return problem;
		// A full load drops everything cached for another viewer.
		location.assign(nextPath(search.next));
	}
	return (
		<Page narrow>
			<h1 className="font-semibold text-display tracking-tight">{t("frame_sign_in")}</h1>
			<SignForm
				action={t("frame_sign_in")}
				onSubmit={onSubmit}
				fields={[
					{ name: "email", label: t("auth_email"), type: "email", autoComplete: "email" },
					{ name: "password", label: t("account_password"), type: "password", autoComplete: "current-password" },
				]}
			>
				<p className="text-soft">
					{t("auth_new_here")}{" "}
					<Link to="/sign-up" search={search} className="link text-ink">
						{t("frame_sign_up")}
					</Link>
				</p>
			</SignForm>
		</Page>
	);
}
