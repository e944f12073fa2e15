using System.Collections.Concurrent;
using System.Text;
using Armada.Mqtt;
using Armada.Testing;

namespace Armada.Tests.Link;

/// <summary>Collects what a subscription receives.</summary>
internal sealed class Inbox
{
    private readonly ConcurrentQueue<(string Topic, string Text)> messages = new();

    public int Count => messages.Count;

    public IReadOnlyList<string> Texts => [.. messages.Select(message => message.Text)];

    public IReadOnlyList<string> Topics => [.. messages.Select(message => message.Topic)];

    public IReadOnlyList<int> Numbers => [.. Texts.Select(int.Parse)];

    public MessageHandler Handler => (topic, payload) =>
        messages.Enqueue((Encoding.UTF8.GetString(topic), Encoding.UTF8.GetString(payload)));

    public Task Receives(string text, TimeSpan? timeout = null) => Eventually.Holds(
        () => $"'{text}' arrives; {Count} messages did, the last texts were '{string.Join("', '", Texts.TakeLast(3))}'", () => Texts.Contains(text), timeout);

    public Task Receives(int count, TimeSpan? timeout = null) => Eventually.Holds(
        () => $"{count} messages arrive; {Count} did", () => Count >= count, timeout);
}
