using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Armada.Silo.Access.Keys;
using Armada.Silo.Audit;
using Armada.Silo.Panel;
using Armada.Silo.Provisioning;
using Armada.Silo.Rooms;
using Armada.Silo.Sequences;

namespace Armada.Silo.Api;

/// <summary>Every body and answer of the REST API, the panel and the rooms.</summary>
[JsonSerializable(typeof(NewRobot))]
[JsonSerializable(typeof(RobotSettings))]
[JsonSerializable(typeof(MasterBody))]
[JsonSerializable(typeof(SlaveBody))]
[JsonSerializable(typeof(CommandBody))]
[JsonSerializable(typeof(RemoteCommandBody))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(SeekBody))]
[JsonSerializable(typeof(Page<RobotView>))]
[JsonSerializable(typeof(RobotStateView))]
[JsonSerializable(typeof(MasterView))]
[JsonSerializable(typeof(Page<SlaveView>))]
[JsonSerializable(typeof(FleetView))]
[JsonSerializable(typeof(ReadinessView))]
[JsonSerializable(typeof(PanelState))]
[JsonSerializable(typeof(SequenceBody))]
[JsonSerializable(typeof(SequenceView))]
[JsonSerializable(typeof(Page<SequenceSummary>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(MadeKeyView))]
[JsonSerializable(typeof(Page<KeyView>))]
[JsonSerializable(typeof(Page<AuditView>))]
[JsonSerializable(typeof(Page<AuthorityView>))]
[JsonSerializable(typeof(NewIdentity))]
[JsonSerializable(typeof(Rotation))]
[JsonSerializable(typeof(IssuedView))]
[JsonSerializable(typeof(Page<IdentityView>))]
[JsonSerializable(typeof(NewEnrollmentToken))]
[JsonSerializable(typeof(MadeTokenView))]
[JsonSerializable(typeof(Page<EnrollmentTokenView>))]
[JsonSerializable(typeof(Enrollment))]
[JsonSerializable(typeof(EnrolledView))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(CleanupStatusAnswer))]
[JsonSerializable(typeof(CleanupAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext;
