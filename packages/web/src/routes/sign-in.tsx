import { createFileRoute, Link } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { signIn } from "../components/session/session-requests.ts";
import { SignForm } from "../components/session/sign-form.tsx";

export const Route = createFileRoute("/sign-in")({
	validateSearch: ({ next }): { next?: string } => (nextPath(next) === "/" ? {} : { next: nextPath(next) }),
	head: () => ({ meta: [{ title: "Sign in · Parley" }] }),
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
			<h1 className="font-semibold text-display tracking-tight">Sign in</h1>
			<SignForm
				action="Sign in"
				onSubmit={onSubmit}
				fields={[
					{ name: "email", label: "Email", type: "email", autoComplete: "email" },
					{ name: "password", label: "Password", type: "password", autoComplete: "current-password" },
				]}
			>
				<p className="text-soft">
					New here?{" "}
					<Link to="/sign-up" search={search} className="link text-ink">
						Sign up
					</Link>
				</p>
			</SignForm>
		</Page>
	);
}
