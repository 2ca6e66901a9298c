import { readConfigFile, readSettingVariables } from '../../../shared/config-file.ts';
import { type DaybookPaths, daybookPaths } from '../../../shared/paths.ts';

/** Where this instance keeps its database and its backups, by its configuration. @throws DaybookError invalid_config */
export function configuredPaths(environment: NodeJS.ProcessEnv): DaybookPaths {
  const paths = daybookPaths(environment);
  const set = { ...readConfigFile(paths.config), ...readSettingVariables(environment) };
  return {
    ...paths,
    database: set['persistence.database_path'] ?? paths.database,
    backups: set['persistence.backup_directory'] ?? paths.backups,
  };
}
