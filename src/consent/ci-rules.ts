/**
 * Is this a CI system? ci-info's rules (4.5.0) as one table that a host's bundle can carry; a test compares it with ci-info's
 * vendors.json and with ci-info itself. Deviations, all in the direction of a person at work: `CI=0` is not CI either, and
 * `false` may be in any case and have space around it.
 *
 * One of these set and not empty means CI. Rules that need two of them (Jenkins, TaskCluster) or a value (Codeship, Sourcehut,
 * Woodpecker) need no row of their own: one of their variables is in the first line, which is ci-info's own vendor-free list.
 */
const CI_VARIABLES: string =
  'BUILD_ID BUILD_NUMBER CI CI_APP_ID CI_BUILD_ID CI_BUILD_NUMBER CI_NAME CONTINUOUS_INTEGRATION RUN_ID ' +
  'AC_APPCIRCLE AGOLA_GIT_REF ALPIC_HOST APPCENTER_BUILD_ID APPVEYOR BITBUCKET_COMMIT BITRISE_IO BUDDY_WORKSPACE_ID BUILDER_OUTPUT ' +
  'BUILDKITE CAPAWESOME_CLOUD CF_BUILD_ID CF_PAGES CIRCLECI CIRRUS_CI CI_XCODE_PROJECT CM_BUILD_ID CODEBUILD_BUILD_ARN DRONE DSARI ' +
  'EARTHLY_CI EAS_BUILD GERRIT_PROJECT GITEA_ACTIONS GITHUB_ACTIONS GITLAB_CI GO_PIPELINE_LABEL HARNESS_BUILD_ID HUDSON_URL LAYERCI ' +
  'MAGNUM NETLIFY NEVERCODE NOW_BUILDER PROW_JOB_ID RELEASE_BUILD_ID RENDER RWX SAILCI SCREWDRIVER SEMAPHORE STRIDER TEAMCITY_VERSION ' +
  'TF_BUILD TRAVIS VELA VERCEL WORKERS_CI XCS bamboo_planKey'

/** Heroku sets no variable of its own while it builds; its Node has a place of its own. */
const HEROKU_NODE = '/app/.heroku/node/bin/node'

export function isCi(variables: Readonly<Record<string, string | undefined>>): boolean {
  const said = variables['CI']?.trim().toLowerCase()
  if (said === 'false' || said === '0') return false
  return (
    CI_VARIABLES.split(' ').some(/* @soon */ (name) => variables[name]) ||
    (variables['NODE'] ?? '').includes(HEROKU_NODE)
  )
}
