import { createFileRoute, Link } from "@tanstack/react-router";
import { Page } from "../components/frame/page.tsx";
import { nextPath } from "../components/session/next-path.ts";
import { signUp } from "../components/session/session-requests.ts";
import { SignForm } from "../components/session/sign-form.tsx";
import { Tally } from "../components/tally/tally.tsx";
import { loadFreeLimit } from "../lib/http/other-pages.ts";

export const Route = createFileRoute("/sign-up")({
	validateSearch: ({ next }): { next?: string } => (nextPath(next) === "/" ? {} : { next: nextPath(next) }),
	loader: () => loadFreeLimit(),
	head: () => ({ meta: [{ title: "Sign up · Parley" }] }),
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
			<h1 className="font-semibold text-display tracking-tight">Sign up</h1>
			<p className="mt-2 mb-4 text-soft">{freeLimit} requests a day, free. Your chats and what you were writing come along.</p>
			<Tally usage={{ limit: freeLimit, used: 0, held: 0, remaining: freeLimit, resetAt: null }} label={`${freeLimit} requests a day`} />
			<SignForm
				action="Sign up"
				onSubmit={onSubmit}
				fields={[
					{ name: "name", label: "Name", type: "text", autoComplete: "name" },
					{ name: "email", label: "Email", type: "email", autoComplete: "email" },
					{ name: "password", label: "Password", type: "password", autoComplete: "new-password", hint: "At least 8 characters." },
				]}
			>
				<p className="text-soft">
					Signed up before?{" "}
					<Link to="/sign-in" search={search} className="link text-ink">
						Sign in
					</Link>
				</p>
			</SignForm>
		</Page>
	);
}
