using System.Diagnostics;
using Xunit.Sdk;

namespace Armada.Testing;

/// <summary>Waits for what must come, and says what did not. The one place where tests poll.</summary>
public static class Eventually
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until the condition holds; <c>what</c> ends the sentence "this did not happen: …".</summary>
    public static Task Holds(string what, Func<bool> condition, TimeSpan? timeout = null) =>
        Holds(() => what, condition, timeout);

    /// <summary>Waits until the condition holds; the message is made when time is up, so that it can tell how far it got.</summary>
    public static async Task Holds(Func<string> what, Func<bool> condition, TimeSpan? timeout = null)
    {
        var limit = timeout ?? Default;
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > limit) throw Missing(what(), limit);
            await Task.Delay(Pause);
        }
    }

    /// <summary>Asks until the answer is yes.</summary>
    public static async Task HoldsAsync(string what, Func<Task<bool>> condition, TimeSpan? timeout = null)
    {
        var limit = timeout ?? Default;
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(began) > limit) throw Missing(what, limit);
            await Task.Delay(Pause);
        }
    }

    /// <summary>Waits for an event; <c>what</c> ends the sentence "this did not happen: …".</summary>
    public static async Task Happens(string what, Task happening, TimeSpan? timeout = null)
    {
        var limit = timeout ?? Default;
        if (await Task.WhenAny(happening, Task.Delay(limit)) != happening) throw Missing(what, limit);
        await happening;
    }

    /// <summary>Waits for an event's value; <c>what</c> ends the sentence "this did not happen: …".</summary>
    public static async Task<T> Happens<T>(string what, Task<T> happening, TimeSpan? timeout = null)
    {
        await Happens(what, (Task)happening, timeout);
        return await happening;
    }

    private static XunitException Missing(string what, TimeSpan limit) => new($"This did not happen within {limit.TotalSeconds:0.##} s: {what}");
}
