import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

// The headless shell is Chromium without windows: a page takes a quarter of the CPU time.
const packages = ["chromium-headless-shell", "chromium"];
const places = [
	process.env.CHROMIUM_PATH,
	...packages.map((name) => `/usr/bin/${name}`),
	"/usr/bin/chromium-browser",
	"/usr/bin/google-chrome",
];
const installed = () => places.find((path) => path && existsSync(path));

/**
 * The path of Chromium. Installs it if the user is root on Debian.
 * @throws {Error} with instructions to install it
 */
export function browser() {
	const found = installed();
	if (found) return found;
	const canInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
	if (!canInstall) {
		throw new Error(
			"The browser tests need Chromium. Install it (Debian: `sudo apt-get install chromium`), or name its path in CHROMIUM_PATH.",
		);
	}
	console.log("setup: installing Debian's Chromium");
	const apt = (...args) =>
		spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
	apt("update", "-qq");
	for (const name of packages) {
		apt("install", "-y", "-qq", "--no-install-recommends", name);
		const fresh = installed();
		if (fresh) return fresh;
	}
	throw new Error("apt-get brought no Chromium; install it by hand or name its path in CHROMIUM_PATH.");
}
