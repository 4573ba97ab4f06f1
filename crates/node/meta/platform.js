'use strict'

/** The name of the package of a system, without the part that all of them have. */
function suffix({ platform, arch, libc }) {
  if (platform === 'linux') return `linux-${arch}-${libc === 'musl' ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** The system that this process runs on. */
function current() {
  const { platform, arch } = process
  return platform === 'linux' ? { platform, arch, libc: libc() } : { platform, arch }
}

/** The C library that Node itself was built for. */
function libc() {
  const { excludeNetwork } = process.report
  // Without it, the report looks up the name of every address.
  process.report.excludeNetwork = true
  const { header } = process.report.getReport()
  process.report.excludeNetwork = excludeNetwork
  return header.glibcVersionRuntime ? 'glibc' : 'musl'
}

module.exports = { current, suffix }
