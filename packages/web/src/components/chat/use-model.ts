import { useEffect, useState } from "react";
import type { ModelOption } from "../../view/chat.ts";

const key = "parley:model";

/** The model that the reader chose last, as long as it is still offered; else the first. */
export function useModel(models: ModelOption[]): [string | undefined, (id: string) => void] {
	const [chosen, setChosen] = useState<string>();
	useEffect(() => setChosen(readChoice()), []);
	const model = models.find(({ id }) => id === chosen) ?? models[0];
	function choose(id: string) {
		keepChoice(id);
		setChosen(id);
	}
	return [model?.id, choose];
}

function readChoice(): string | undefined {
	try {
		return localStorage.getItem(key) ?? undefined;
	} catch {
		return;
	}
}

function keepChoice(id: string): void {
	try {
		localStorage.setItem(key, id);
	} catch {
		// Without storage the choice lives as long as the page.
	}
}
