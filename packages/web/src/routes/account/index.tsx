import { createFileRoute, redirect } from "@tanstack/react-router";

/** The address that older mails, checkouts and cards return to. What needs the whole account is the plan; a confirmation link is about the profile. */
export const Route = createFileRoute("/account/")({
	beforeLoad: ({ search, location: { hash } }) => {
		const to = search.error || search.confirmed ? "/account/profile" : "/account/plan";
		throw redirect({ to, search, hash, replace: true });
	},
});
