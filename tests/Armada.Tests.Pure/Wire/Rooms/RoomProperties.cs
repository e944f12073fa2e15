using System.Text;
using Armada.Core.Rooms;

namespace Armada.Tests.Pure.Wire.Rooms;

/// <summary>Whatever a participant sends, it is a message or a reason.</summary>
public sealed class RoomProperties
{
    private static readonly string[] Texts =
    [
        """{"participant_id":"operator-7","role":"consumer","takeover":true}""",
        """{"type":"joint_update","data":[{"name":"Rotation","value":45.5,"speed":50},{"name":"Jaw","value":-3e2}]}""",
        """{"type":"emergency_stop","reason":"hand in the w\u00e4y"}""",
        """{"type":"heartbeat"}""",
    ];

    [Fact]
    public void Any_bytes_are_a_message_or_a_reason() => Bytes.Check(IsAnswered);

    [Fact]
    public void A_damaged_message_is_a_message_or_a_reason() => Bytes.Check(
        bytes =>
        {
            foreach (var text in Texts)
            {
                var damaged = Encoding.UTF8.GetBytes(text);
                for (var at = 0; at + 1 < bytes.Length && at < 8; at += 2)
                    damaged[bytes[at] % damaged.Length] = bytes[at + 1];
                if (!IsAnswered(damaged))
                    return false;
            }

            return true;
        },
        longest: 8,
        times: 3000);

    private static bool IsAnswered(byte[] bytes)
    {
        var join = RoomReader.ReadJoin(bytes, out var notJoin);
        var message = RoomReader.ReadMessage(bytes, out var notMessage);
        return (join is null) == (notJoin is { Length: > 0 })
            && (message is null) == (notMessage is { Length: > 0 })
            && (join is null || RoomReader.IsId(join.ParticipantId))
            && (message is not RoomMessage.JointUpdate update || update.Joints.All(IsSound));
    }

    private static bool IsSound(RoomJoint joint) =>
        joint.Name.Length is > 0 and <= RoomReader.MaxJointNameLength
        && double.IsFinite(joint.Value)
        && joint.Speed is null or (>= 0 and <= RoomReader.MaxSpeed);
}
