using Microsoft.Extensions.Logging;

namespace Armada.Testing.Logging;

/// <summary>One recorded log entry.</summary>
public sealed record LoggedEntry(string Category, LogLevel Level, EventId Event, string Message, Exception? Exception);
