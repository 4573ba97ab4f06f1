// The systems that packages are made for.

import { createRequire } from 'node:module'

const { current, suffix } = createRequire(import.meta.url)('../meta/platform.js')

/** Every system: what Rust calls it, and what `npm` asks for. */
export const PLATFORMS = [
  { target: 'x86_64-unknown-linux-gnu', platform: 'linux', arch: 'x64', libc: 'glibc' },
  { target: 'x86_64-unknown-linux-musl', platform: 'linux', arch: 'x64', libc: 'musl' },
  { target: 'aarch64-unknown-linux-gnu', platform: 'linux', arch: 'arm64', libc: 'glibc' },
  { target: 'aarch64-unknown-linux-musl', platform: 'linux', arch: 'arm64', libc: 'musl' },
  { target: 'x86_64-apple-darwin', platform: 'darwin', arch: 'x64' },
  { target: 'aarch64-apple-darwin', platform: 'darwin', arch: 'arm64' },
  { target: 'x86_64-pc-windows-msvc', platform: 'win32', arch: 'x64' },
]

/** The system with this target, or the one that this process runs on. */
export function platform(target) {
  const here = suffix(current())
  const found = PLATFORMS.find((each) => (target ? each.target === target : suffix(each) === here))
  if (!found) {
    const known = PLATFORMS.map((each) => each.target).join(', ')
    throw new Error(`no package is made for ${target ?? here}; there are: ${known}`)
  }
  return found
}

/** The name of a system's package. */
export function packageName(platform) {
  return `@countersign/license-validator-${suffix(platform)}`
}

/** The file name that cargo gives the library. */
export function libraryName({ platform }) {
  if (platform === 'win32') return 'license_validator.dll'
  return platform === 'darwin' ? 'liblicense_validator.dylib' : 'liblicense_validator.so'
}
