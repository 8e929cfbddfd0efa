import { createFileRoute, redirect } from "@tanstack/react-router";

/**
 * The URL that older mails, checkouts and cards return to. Links that need the whole account lead to the plan; a confirmation link leads to
 * the profile.
 */
export const Route = createFileRoute("/account/")({
	beforeLoad: ({ search, location: { hash } }) => {
		const to = search.error || search.confirmed ? "/account/profile" : "/account/plan";
		throw redirect({ to, search, hash, replace: true });
	},
});
