using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Xunit.Sdk;

namespace Armada.Testing.Logging;

/// <summary>
/// Records every log entry. Disposing it fails the test if an unexpected error was logged, or a task's exception went unobserved.
/// </summary>
/// <remarks>Use it as <c>using var logs = new FailOnLoggedErrors();</c>, before what logs, so that it is disposed last.</remarks>
public sealed class FailOnLoggedErrors : ILoggerFactory, ILoggerProvider
{
    // While a silo ends Orleans logs errors of its own: calls to it, calls and grains that are canceled there, its clients, its directory.
    private const string Orleans = "Orleans.";
    private const string OrleansRetries = "Polly";

    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly ConcurrentQueue<LoggedEntry> entries = new();
    private readonly ConcurrentQueue<LoggedEntry> errors = new();
    private readonly ConcurrentQueue<Exception> unobserved = new();
    private readonly ConcurrentBag<int> expected = [];
    private readonly ConcurrentBag<string> expectedNames = [];

    public FailOnLoggedErrors() => TaskScheduler.UnobservedTaskException += TakeUnobserved;

    /// <summary>Everything logged so far.</summary>
    public IReadOnlyCollection<LoggedEntry> Entries => entries;

    /// <summary>Lets errors with this event id pass.</summary>
    public FailOnLoggedErrors Expect(int eventId)
    {
        expected.Add(eventId);
        return this;
    }

    /// <summary>Lets errors with this event name pass, as a library has that numbers its events by itself.</summary>
    public FailOnLoggedErrors Expect(string eventName)
    {
        expectedNames.Add(eventName);
        return this;
    }

    /// <summary>The entries with this event id.</summary>
    public IReadOnlyList<LoggedEntry> Of(int eventId) => [.. entries.Where(entry => entry.Event.Id == eventId)];

    /// <summary>A logger of a type.</summary>
    public ILogger<T> For<T>() => new Logger<T>(this);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory records and does nothing else.");

    public void Dispose()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= TakeUnobserved;
        var unexpected = errors.Where(error => !IsExpected(error.Event)).ToList();
        if (unexpected.Count > 0) throw new XunitException($"Errors were logged:\n{string.Join('\n', unexpected)}");
        if (!unobserved.IsEmpty) throw new XunitException($"Exceptions went unobserved:\n{string.Join('\n', unobserved)}");
    }

    private bool IsExpected(EventId error) => expected.Contains(error.Id) || (error.Name is { } name && expectedNames.Contains(name));

    private void TakeUnobserved(object? sender, UnobservedTaskExceptionEventArgs unobserved)
    {
        if (!IsOfEndingSilo(unobserved.Exception))
            this.unobserved.Enqueue(unobserved.Exception);
    }

    private void Take(LoggedEntry entry)
    {
        entries.Enqueue(entry);
        if (entry.Level >= LogLevel.Error && !(IsOrleans(entry.Category) && SiloStops.HasBegun(since: begin)))
            errors.Enqueue(entry);
    }

    private static bool IsOrleans(string category) => category == OrleansRetries || category.StartsWith(Orleans, StringComparison.Ordinal);

    // What a silo leaves unobserved when it ends, such as reads of a storage that is closed and the elements that close Orleans' lists of
    // updates. The finalizer may report it long after, in another test.
    private static bool IsOfEndingSilo(AggregateException fault) =>
        SiloStops.HasBegun(since: 0) && fault.Flatten().InnerExceptions.All(static inner => inner is ObjectDisposedException || IsOf(inner, "Orleans") || IsOf(inner, "StackExchange.Redis"));

    private static bool IsOf(Exception fault, string library) => fault.GetType().Namespace?.StartsWith(library, StringComparison.Ordinal) == true;

    private sealed class Recorder(FailOnLoggedErrors log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Take(new(category, logLevel, eventId, formatter(state, exception), exception));
    }
}

/// <summary>One recorded log entry.</summary>
public sealed record LoggedEntry(string Category, LogLevel Level, EventId Event, string Message, Exception? Exception);
