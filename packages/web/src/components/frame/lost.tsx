import { Link, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "./page.tsx";

export function NotFoundPage() {
	return (
		<Page narrow>
			<Lost title="There is nothing here" text="The address may be mistyped, or what stood here has gone.">
				<Link to="/" className="button-next">
					Go to the chat
				</Link>
			</Lost>
		</Page>
	);
}

export function ErrorPage() {
	const router = useRouter();
	return (
		<Page narrow>
			<Lost
				title="This page could not be shown"
				text="Something went wrong on our side. Nothing was counted, and nothing you wrote is lost."
			>
				<button type="button" className="button-next" onClick={() => void router.invalidate()}>
					Try again
				</button>
			</Lost>
		</Page>
	);
}

/** For a place in the frame of the chat: the chats beside it stay. */
export function Lost({ title, text, children }: { title: string; text: string; children: ReactNode }) {
	return (
		<div className="flex flex-col items-start gap-6">
			<div>
				<h1 className="text-balance font-semibold text-title tracking-tight">{title}</h1>
				<p className="mt-2 text-soft">{text}</p>
			</div>
			{children}
		</div>
	);
}
