using Microsoft.Extensions.Configuration;

namespace Armada.EdgeAgent.Hosting;

/// <summary>Logs on the console, as .NET's own <c>Logging__…</c> variables say: level by category, and plain lines or JSON.</summary>
internal static class AgentLogging
{
    private const string FormatterName = "Logging:Console:FormatterName";
    private const string Simple = "simple";
    private static readonly string[] Formatters = [Simple, "json", "systemd"];

    /// <exception cref="ConfigurationException">A variable has a value that is not allowed.</exception>
    public static void Add(ILoggingBuilder logging, IConfigurationManager configuration)
    {
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = nameof(LogLevel.Warning),
            [FormatterName] = Simple,
            ["Logging:Console:FormatterOptions:SingleLine"] = "true",
        });
        configuration.AddEnvironmentVariables();
        Check(configuration);
        var isSimple = Simple.Equals(configuration[FormatterName], StringComparison.OrdinalIgnoreCase);
        configuration["Logging:Console:FormatterOptions:TimestampFormat"] ??= isSimple ? "yyyy-MM-dd HH:mm:ss.fff " : "yyyy-MM-ddTHH:mm:ss.fffzzz";
        logging.AddConfiguration(configuration.GetSection("Logging"));
        logging.AddConsole();
    }

    private static void Check(IConfiguration configuration)
    {
        foreach (var (key, value) in configuration.GetSection("Logging").AsEnumerable())
        {
            var allowed = key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase) ? Enum.GetNames<LogLevel>()
                : key.Equals(FormatterName, StringComparison.OrdinalIgnoreCase) ? Formatters
                : null;
            if (value is not null && allowed is not null && !allowed.Contains(value, StringComparer.OrdinalIgnoreCase))
                throw new ConfigurationException($"variable {key.Replace(":", "__", StringComparison.Ordinal)}: '{value}' is unknown; use one of {string.Join(", ", allowed)}");
        }
    }
}
