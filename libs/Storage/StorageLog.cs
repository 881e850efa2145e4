using Microsoft.Extensions.Logging;

namespace Sotto.Storage;

/// <summary>Events 1100 to 1199.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(1100, LogLevel.Information, "Schema {Schema}: migration {Name} ran")]
    public static partial void MigrationRan(this ILogger logger, string schema, string name);
}
