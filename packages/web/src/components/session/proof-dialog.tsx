import { useEffect, useId, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import type { ProofWay } from "../../proof-ways.ts";
import { t } from "../../text/text.ts";
import { answerWithPasskey, hasPasskeys } from "./passkey-requests.ts";
import { post, type SignProblem } from "./session-requests.ts";
import { SignForm } from "./sign-form.tsx";

let asking: Promise<boolean> | null = null;

/** Shows a dialog in which the viewer proves their identity. Requests refused at the same time share one dialog. @returns whether they did */
export function askForProof(ways: ProofWay[]): Promise<boolean> {
	asking ??= show(ways).finally(() => {
		asking = null;
	});
	return asking;
}

function show(ways: ProofWay[]): Promise<boolean> {
	return new Promise((resolve) => {
		const place = document.body.appendChild(document.createElement("div"));
		const root = createRoot(place);
		const end = (isProven: boolean) => {
			resolve(isProven);
			root.unmount();
			place.remove();
		};
		root.render(<ProofDialog ways={ways} onEnd={end} />);
	});
}

function ProofDialog({ ways, onEnd }: { ways: ProofWay[]; onEnd: (isProven: boolean) => void }) {
	const dialog = useRef<HTMLDialogElement>(null);
	const titleId = useId();
	const isProven = useRef(false);
	const [way, setWay] = useState<"password" | "mail">(ways.includes("password") ? "password" : "mail");
	const [isMailed, setMailed] = useState(false);
	const [problem, setProblem] = useState<string>();
	useEffect(() => dialog.current?.showModal(), []);

	function after(wrong: SignProblem | undefined): SignProblem | undefined {
		if (wrong) return wrong;
		isProven.current = true;
		dialog.current?.close();
		return { field: "form", text: "" };
	}

	async function run(proof: () => Promise<SignProblem | undefined>): Promise<void> {
		setProblem(undefined);
		setProblem((await proof())?.text);
	}

	const mail = () =>
		run(async () => {
			const wrong = await post("mail/prove", {});
			if (!wrong) {
				setWay("mail");
				setMailed(true);
			}
			return wrong;
		});

	return (
		<dialog
			ref={dialog}
			aria-labelledby={titleId}
			className="m-auto w-full max-w-[min(26rem,calc(100vw-32px))] rounded-large bg-raised p-6 text-ink shadow-sheet backdrop:bg-veil"
			onClose={() => onEnd(isProven.current)}
		>
			<h2 id={titleId} className="font-semibold text-body">
				{t("proof_title")}
			</h2>
			<p role="status" className="mt-2 text-soft">
				{isMailed ? t("proof_mailed") : t("proof_why")}
			</p>
			{way === "password" && (
				<SignForm
					action={t("auth_confirm")}
					onSubmit={async ({ password = "" }) => after(await post("prove", { password }))}
					fields={[{ name: "password", label: t("account_password"), type: "password", autoComplete: "current-password", autoFocus: true }]}
				/>
			)}
			{way === "mail" && isMailed && (
				<SignForm
					action={t("auth_confirm")}
					onSubmit={async ({ code = "" }) => after(await post("mail/prove-code", { code }))}
					fields={[
						{ name: "code", label: t("auth_code"), type: "text", inputMode: "numeric", autoComplete: "one-time-code", autoFocus: true },
					]}
				/>
			)}
			{problem && (
				<p role="alert" className="mt-3 text-warn">
					{problem}
				</p>
			)}
			<div className="mt-6 flex flex-wrap justify-end gap-2">
				{ways.includes("passkey") && hasPasskeys() && (
					<button
						type="button"
						className="button-plain"
						onClick={() => void run(async () => after(await answerWithPasskey("passkey/prove")))}
					>
						{t("auth_use_passkey")}
					</button>
				)}
				<button type="button" className="button-plain" onClick={() => void mail()}>
					{isMailed ? t("proof_mail_again") : t("auth_mail_me_a_code")}
				</button>
				<button type="button" className="button-bare" onClick={() => dialog.current?.close()}>
					{t("frame_cancel")}
				</button>
			</div>
		</dialog>
	);
}
