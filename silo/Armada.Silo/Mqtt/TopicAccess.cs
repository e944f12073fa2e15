using Armada.Core.MicroPython;
using Armada.Core.Topics;
using Armada.Silo.Identities;

namespace Armada.Silo.Mqtt;

/// <summary>Who a connection is.</summary>
/// <param name="Name">The device's name, which is that of its certificate and its client id.</param>
/// <param name="Role">Of a MicroPython board; null for a device behind an agent.</param>
/// <param name="IsProven">Whether a certificate says so; otherwise it came in on loopback without one.</param>
/// <param name="IsSecondPath">Whether it is the device's second connection, which is for samples only.</param>
internal sealed record ClientIdentity(string Name, BoardRole? Role, bool IsProven, bool IsSecondPath = false);

/// <summary>The topics that a client may use: its own, and no others.</summary>
internal sealed class TopicAccess(TopicMap topics, MicroPythonTopics dialect)
{
    /// <summary>What a client may publish to; last wills included.</summary>
    public IEnumerable<string> PublishableBy(ClientIdentity client)
    {
        if (client.IsSecondPath)
        {
            yield return topics.Of(client.Name, Channel.State);
            yield break;
        }

        if (client.Role is null)
        {
            yield return topics.Of(client.Name, Channel.State);
            yield return topics.Of(client.Name, Channel.Presence);
            yield return topics.Of(client.Name, Channel.ControlReply);
        }

        if (client.Role == BoardRole.Leader || !client.IsProven)
            yield return dialect.Of(client.Name);
    }

    /// <summary>What a client may subscribe to.</summary>
    public IEnumerable<string> SubscribableBy(ClientIdentity client)
    {
        if (client.IsSecondPath)
        {
            yield return topics.Of(client.Name, Channel.Command);
            yield break;
        }

        if (client.Role is null)
        {
            yield return topics.Of(client.Name, Channel.Command);
            yield return topics.Of(client.Name, Channel.Control);
        }

        if (client.Role == BoardRole.Follower || !client.IsProven)
            yield return dialect.Of(client.Name);
        if (client.Role == BoardRole.Leader)
            yield return BoardBundle.ActionTopic(dialect, client.Name);
    }

    /// <summary>Every topic that a device of this name may use, whatever its kind.</summary>
    public IEnumerable<string> TopicsOf(string device)
    {
        var client = new ClientIdentity(device, Role: null, IsProven: false);
        return PublishableBy(client).Union(SubscribableBy(client));
    }

    public bool MayPublish(ClientIdentity client, string topic) => PublishableBy(client).Contains(topic);

    public bool MaySubscribe(ClientIdentity client, string filter) => SubscribableBy(client).Contains(filter);
}
