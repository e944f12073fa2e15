using System.Collections.Concurrent;
using Armada.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Storage.Support;

/// <summary>What a database has logged. Unlike FailOnLoggedErrors it hears nothing of the silos that other tests run beside it.</summary>
public sealed class RecordedLog : ILogger<SqliteDatabase>
{
    private readonly ConcurrentQueue<(int Id, string Message)> entries = new();

    /// <summary>The messages with this event id.</summary>
    public IReadOnlyList<string> Of(int eventId) => [.. entries.Where(entry => entry.Id == eventId).Select(entry => entry.Message)];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        entries.Enqueue((eventId.Id, formatter(state, exception)));
}
