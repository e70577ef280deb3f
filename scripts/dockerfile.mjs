/** Reads what the stages of a Dockerfile say of the images' configuration. */

const seconds = 1e9

/** `text`: a Dockerfile. The configuration of one of its stages, as an image has it. */
export function stageConfig(text, stage) {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
  const from = lines.findIndex((line) => new RegExp(`^FROM .* AS ${stage}$`).test(line))
  if (from < 0) throw new Error(`The Dockerfile has no stage '${stage}'.`)
  const next = lines.findIndex((line, at) => at > from && line.startsWith('FROM '))
  const config = { Env: [], Volumes: {}, ExposedPorts: {} }
  for (const line of lines.slice(from + 1, next < 0 ? undefined : next)) {
    const [, instruction, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? []
    if (instruction === 'ENV') config.Env.push(...rest.split(/\s+/))
    else if (instruction === 'USER') config.User = rest
    else if (instruction === 'WORKDIR') config.WorkingDir = rest
    else if (instruction === 'ENTRYPOINT') config.Entrypoint = JSON.parse(rest)
    else if (instruction === 'CMD') config.Cmd = JSON.parse(rest)
    else if (instruction === 'EXPOSE') config.ExposedPorts[`${rest}/tcp`] = {}
    else if (instruction === 'VOLUME')
      for (const folder of JSON.parse(rest)) config.Volumes[folder] = {}
    else if (instruction === 'HEALTHCHECK') config.Healthcheck = healthcheck(rest)
  }
  return config
}

function healthcheck(text) {
  const option = (name) => new RegExp(`--${name}=(\\d+)s?`).exec(text)?.[1]
  return {
    Test: ['CMD', ...JSON.parse(text.slice(text.indexOf('CMD ') + 4))],
    Interval: Number(option('interval')) * seconds,
    Timeout: Number(option('timeout')) * seconds,
    StartPeriod: Number(option('start-period')) * seconds,
    Retries: Number(option('retries')),
  }
}
