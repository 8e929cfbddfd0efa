import { useSyncExternalStore } from "react";

function watch(changed: () => void): () => void {
	for (const event of ["online", "offline"]) addEventListener(event, changed);
	return () => {
		for (const event of ["online", "offline"]) removeEventListener(event, changed);
	};
}

/** False only if the browser knows that there is no network. True does not mean that the server is reachable. */
export const useOnline = () =>
	useSyncExternalStore(
		watch,
		() => navigator.onLine,
		() => true,
	);
