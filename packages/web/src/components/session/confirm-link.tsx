import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ConfirmationView } from "../../view/identity.ts";
import { useHydrated } from "../frame/local-time.tsx";
import { confirmEmail, sendConfirmation } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

interface ConfirmLinkProps {
	confirmation: ConfirmationView;
	token: string;
	/** The page to go to afterwards. */
	next: string;
}

/** A confirmation link, opened where nobody is signed in to its account: asks for the password, or for a new one. */
export function ConfirmLink({ confirmation, token, next }: ConfirmLinkProps) {
	if (confirmation.state === "invalid") return <Says text="This link is not valid. Copy the whole link from the email." next={next} />;
	const { state, email } = confirmation;
	if (state === "confirmed") return <Says text={`${email} is confirmed. Sign in to go on.`} next={next} />;
	if (state === "expired") return <Expired email={email} next={next} />;
	return <AskPassword email={email} token={token} next={next} />;
}

function AskPassword({ email, token, next }: { email: string; token: string; next: string }) {
	const [isNew, setIsNew] = useState(false);
	const hydrated = useHydrated();
	async function onSubmit({ password = "" }: Record<string, string>) {
		const problem = await confirmEmail({ token, password, isNew });
		if (problem) return problem;
		// A full load drops everything cached for another viewer.
		const url = new URL(next, location.origin);
		url.searchParams.set("confirmed", "true");
		location.assign(url.pathname + url.search + url.hash);
	}
	return (
		<>
			<p className="mt-2 text-soft wrap-anywhere">
				{isNew
					? `Set a new password for ${email}. Whoever knows the present one is signed out and cannot sign in again.`
					: `Enter the password of ${email}. Then you are signed in here, and signed out everywhere else.`}
			</p>
			<SignForm
				key={String(isNew)}
				action={isNew ? "Set password and confirm" : "Confirm"}
				onSubmit={onSubmit}
				fields={[
					isNew
						? { name: "password", label: "New password", type: "password", autoComplete: "new-password", hint: "At least 8 characters." }
						: { name: "password", label: "Password", type: "password", autoComplete: "current-password" },
				]}
			>
				<p className="text-soft">
					{isNew ? "Do you know the password?" : "Was it not you who signed up, or don't you know the password?"}{" "}
					<button type="button" className="link text-ink" disabled={!hydrated} onClick={() => setIsNew(!isNew)}>
						{isNew ? "Enter it" : "Set a new one"}
					</button>
				</p>
			</SignForm>
		</>
	);
}

function Expired({ email, next }: { email: string; next: string }) {
	const [outcome, setOutcome] = useState<string>();
	const hydrated = useHydrated();
	async function sendAgain() {
		const problem = await sendConfirmation(email, next);
		setOutcome(problem ? problem.text : "Sent. Check your inbox.");
	}
	return (
		<div className="mt-2 flex flex-col items-start gap-4">
			<p className="text-soft wrap-anywhere">This confirmation link has expired. We can send a new one to {email}.</p>
			<button type="button" className="button-next" disabled={!hydrated} onClick={() => void sendAgain()}>
				Send a new link
			</button>
			<p role="status" className="empty:hidden">
				{outcome}
			</p>
		</div>
	);
}

function Says({ text, next }: { text: string; next: string }) {
	return (
		<div className="mt-2 flex flex-col items-start gap-4">
			<p className="text-soft wrap-anywhere">{text}</p>
			<Link to="/sign-in" search={{ next }} className="button-next">
				Sign in
			</Link>
		</div>
	);
}
